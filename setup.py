"""What pyproject.toml cannot say: the folder of scenarios is shipped inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["costmodel*"]), "costmodel.scenarios"],
    package_dir={"costmodel.scenarios": "scenarios"},
    package_data={
        "costmodel": ["py.typed", "app/.streamlit/*.toml"],
        "costmodel.scenarios": ["**/*.yaml", "**/*.csv", "**/*.md"],
    },
    include_package_data=False,
)
