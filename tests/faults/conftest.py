"""Sources with the study ``paced``, and results to compare with."""

import pytest
import trials


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    return trials.sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def undisturbed(tree, tmp_path_factory):
    """Results of a run in which nothing is disturbed and nothing sleeps."""

    def results(config: dict, *targets: str) -> dict[str, bytes]:
        folder = trials.project(tmp_path_factory.mktemp("undisturbed"), tree, config)
        status, output = trials.run(folder, *targets, PACED_PAUSE="0")
        assert status == 0, output
        return trials.content(folder)

    return results
