"""A front end is built where Django wants what it makes and nobody committed that."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES

VITE = FILES | {
    "front/package.json": '{"scripts": {"build": "vite build"}}',
    "front/vite.config.js": "export default { build: { outDir: '../wombat/static/dist' } }\n",
}
SETTINGS = FILES["wombat/settings.py"]
REACT = FILES | {
    "front/package.json": '{"scripts": {"build": "react-scripts build"}}',
    "wombat/settings.py": SETTINGS + "STATICFILES_DIRS = [BASE_DIR / 'front' / 'build']\n",
}
WEBPACK = FILES | {
    "package.json": '{"scripts": {"build": "webpack --config tools/webpack.prod.js"}}',
    "tools/webpack.prod.js": "const site = 'wombat';\noutput: { path: path.resolve(`./${site}/compiled/`) }\n",
    "wombat/settings.py": SETTINGS + "STATICFILES_DIRS = (join(PROJECT_DIR, 'compiled'),)\n",
}
TAILWIND = FILES | {
    "theme/package.json": '{"scripts": {"build": "npm run build:css", '
    '"build:css": "tailwindcss -i in.css -o ../wombat/static/css/site.css"}}',
}
CSS = '{"scripts": {"%s": "tailwindcss -i in.css -o ../wombat/static/css/site.css%s"}}'


SERVED = FILES | {
    "wombat/package.json": '{"dependencies": {"bootstrap": "5"}}',
    "docs/package.json": "{}",
    "wombat/settings.py": SETTINGS
    + "STATICFILES_DIRS = [('pack', os.path.join(HERE, 'node_modules').replace('x', '/')), str(BASE_DIR / 'media')]\n",
}
DEEPER = SERVED | {
    "wombat/settings.py": SETTINGS + "STATICFILES_DIRS = (str(ROOT / '..' / 'node_modules' / '@far' / 'icons'),)\n"
}


@pytest.mark.parametrize(
    ("files", "built"),
    [
        (VITE, "front"),
        (VITE | {"wombat/static/dist/app.js": "x"}, ""),
        (VITE | {"front/package.json": "{}"}, ""),
        (VITE | {"front/package.json": "[[["}, ""),
        (VITE | {"front/vite.config.js": "export default { build: { outDir: 'dist' } }\n"}, ""),  # a site of its own
        (REACT, "front"),
        (REACT | {"wombat/settings.py": SETTINGS}, ""),
        (WEBPACK, "."),
        (WEBPACK | {"tools/webpack.prod.js": "output: { path: __dirname + '/../wombat/compiled' }\n"}, "."),
        (WEBPACK | {"tools/webpack.prod.js": "output: { path: '/srv/compiled' }\n"}, ""),
        (TAILWIND, "theme"),
        (TAILWIND | {"wombat/static/css/site.css": "x"}, ""),
        (TAILWIND | {"theme/package.json": CSS % ("tailwind:build", "")}, "theme"),
        (TAILWIND | {"theme/package.json": CSS % ("build-css", " --minify")}, "theme"),
        (TAILWIND | {"theme/package.json": CSS % ("build:css", " --watch")}, ""),  # it does not end
        (TAILWIND | {"theme/package.json": CSS % ("build:watch", "")}, ""),
        (SERVED, "wombat/node_modules"),
        (SERVED | {"wombat/node_modules/bootstrap/a.css": "x"}, ""),
        (SERVED | {"wombat/settings.py": SETTINGS + "# node_modules\nSTATICFILES_DIRS = []\n"}, ""),
        (DEEPER, "wombat/node_modules/@far/icons"),
        (
            SERVED | {"wombat/settings.py": SETTINGS + "STATICFILES_FINDERS = ['npm.finders.NpmFinder']\n"},
            "wombat/node_modules",
        ),
        (FILES | {f"wombat/static/{path}": text for path, text in TAILWIND.items()}, ""),  # somebody else's package
    ],
)
def test_a_front_end_is_built_where_its_result_is_wanted_and_missing(
    files: dict[str, str], built: str, tmp_path: Path
) -> None:
    guesses = report(write_tree(tmp_path, files))["guesses"]
    found = [one for one in guesses if one["field"] == "front_ends" and one["is_primary"]]
    assert [one["value"] for one in found] == ([built] if built else [])
    assert not built or found[0]["basis"]["file"].rsplit("/", 1)[-1] in (
        "package.json",
        "settings.py",
        "vite.config.js",
        "webpack.prod.js",
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"wombat/settings.py": SETTINGS + "STATICFILES_DIRS = [BASE_DIR / 'front' / 'dist']\n"}, False),
        ({"front/vite.config.js": VITE["front/vite.config.js"], "wombat/static/dist/app.js": "x"}, False),
        ({"front/package.json": '{"scripts": {"build": "vite build"}, "dependencies": {"left-pad": "1"}}'}, False),
        # A package of a monorepo that its sites share.
        ({"front/package.json": '{"exports": {}, "scripts": {"build": "tsc"}, "dependencies": {"vue": "3"}}'}, False),
    ],
)
def test_a_front_end_that_is_a_site_of_its_own_is_told(changes: dict[str, str], told: bool, tmp_path: Path) -> None:
    package = '{"scripts": {"build": "vite build"}, "dependencies": {"vue": "3"}}'
    answer = report(write_tree(tmp_path, FILES | {"front/package.json": package} | changes), "")
    assert any("front is a front end of its own" in one for one in answer["messages"]) is told
