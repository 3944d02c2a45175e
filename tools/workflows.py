"""Check GitHub's files in .github: their form against GitHub's schemas, their safety with zizmor.

Usage: python tools/workflows.py [FOLDER]

Nothing is asked of the network.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
ZIZMOR = str(Path(sysconfig.get_path("scripts")) / "zizmor")
OPTIONS = ["--offline", "--strict-collection", "--pedantic", "--quiet", "--no-progress"]


def commands(folder: Path) -> list[list[str]]:
    """The commands that check a .github folder."""
    workflows = sorted(str(path) for path in (folder / "workflows").glob("*.yml"))
    if not workflows:
        raise SystemExit(f"{folder / 'workflows'} has no *.yml")
    checks = [[*SCHEMA, "vendor.github-workflows", *workflows]]
    if (dependabot := folder / "dependabot.yml").exists():
        checks.append([*SCHEMA, "vendor.dependabot", str(dependabot)])
    return [*checks, [ZIZMOR, *OPTIONS, str(folder)]]


def main() -> None:
    """Run all checks; the exit code tells whether one failed."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".github"
    failed = [command for command in commands(folder) if subprocess.run(command).returncode]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
