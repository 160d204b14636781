"""Join the claims of all configured studies."""

from rankscope.jobs import reporting, compute as stages

if __name__ == "__main__":
    stages.run(reporting.summarise)
