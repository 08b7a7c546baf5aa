"""`python scripts/docs.py SITE`: the documentation as a site, built strictly. It opens from disk.

README, docs, and what they link to keep their places, so that a link works in a checkout and in the site alike.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "docs/**/*", "scenarios/**/*.md",
    "scenarios/**/*.yaml", "benchmarks/README.md", "tests/headlines/*.csv",
)  # fmt: skip
"""What is copied: pages, and files that pages link to."""


def main(site: Path) -> int:
    """0 if everything was built without a warning."""
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "pages"
        for pattern in PAGES:
            for path in ROOT.glob(pattern):
                if path.is_file():
                    copy = pages / path.relative_to(ROOT)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, copy)
        (pages / "tests" / "headlines" / "index.md").write_text("# Headlines of each version\n", "utf-8")
        config = load_config(str(ROOT / "mkdocs.yml"), docs_dir=str(pages), site_dir=str(site), strict=True)
        try:
            build(config)
        except Abort:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
