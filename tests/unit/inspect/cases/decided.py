"""A committed zoombuild.cfg is certain, whatever else is found."""

from tests.unit.inspect.cases.plain import FILES as PLAIN

FILES = PLAIN | {
    "zoombuild.cfg": "[project]\npython_version = 3.13\npip_reqs =\n    a.txt\n    b.txt\nhooks = loaddata x.json\n",
}
EXPECTED = {
    "python_version": "3.13",
    "requirements_files": "a.txt\nb.txt",
    "hooks": "loaddata x.json",
    "settings_module": "wombat.settings",
}
NAMES = ("wombat",)
