"""What a failed git command means, in words that can be pasted whatever the other side calls its branches."""

from __future__ import annotations

import shlex

from dz.tasklib.build import gitfailure, giturl

URL = giturl.parse("https://git.example.org/ann/shop.git")
EVIL = "$(id>/tmp/x);'`id`"


def test_the_command_in_a_hint_is_one_command_whatever_the_other_side_calls_its_branches() -> None:
    command = gitfailure.no_such_ref(URL, "mian", (EVIL,)).next.partition("? ")[2]
    assert shlex.split(command) == ["dz", "deploy", URL.text, "--ref", EVIL]
    assert gitfailure.no_such_ref(URL, "mian", ("main",)).next.endswith(f"dz deploy {URL.text} --ref main")


def test_the_address_that_a_host_leads_on_to_is_one_word_of_the_command() -> None:
    target = f"https://elsewhere.example.org/{EVIL}"
    told = gitfailure.redirected_elsewhere(URL, f"warning: redirecting to {target}/\n")
    assert told is not None
    assert shlex.split(told.next.partition(": ")[2]) == ["dz", "deploy", target]
