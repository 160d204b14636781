"""Join the claims of all configured studies."""

from rankscope import reporting, stages

if __name__ == "__main__":
    stages.run(reporting.summarise)
