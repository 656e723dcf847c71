import tomllib

import msgspec

from changeover.cli.template import documented_settings, template
from changeover.model.settings import Settings, decode


def test_the_template_holds_the_defaults():
    """The file that `init` writes decodes to the defaults, with its marks and without."""
    text = template()
    assert decode(tomllib.loads(text)) == Settings()
    assert decode(tomllib.loads(text.replace("#: ", ""))) == Settings()


def test_the_template_names_every_setting():
    """Each setting stands in the file once per table that has it."""
    names = [f"\n#: {one.name} = " in template() for one in documented_settings()]
    assert all(names)
    assert len(names) == sum(
        len(value) if isinstance(value, dict) else 1
        for value in msgspec.to_builtins(Settings()).values()
    )


def test_every_setting_is_documented():
    """Each setting has a sentence that says what it means."""
    assert [one.name for one in documented_settings() if not one.text] == []
