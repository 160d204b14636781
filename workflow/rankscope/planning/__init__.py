"""Read while the workflow is planned: configuration, grid, parameters, studies, code. No numpy."""
