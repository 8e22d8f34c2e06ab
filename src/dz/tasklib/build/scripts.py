"""Which scripts of a package.json build a front end where none is called ``build``: those with that word in their name,
but for these. Known to who looks into a repository and to who asks its own Node (``node.ASK``)."""

ASIDE = ("watch", "dev", "docs", "test", "docker", "storybook", "android", "ios", "electron")
