"""A session as files, and back: exact ids, both spellings, nothing unknown."""

import json
import stat

import pytest

from salon.whatsapp import FolderError, NoSessionError, UnknownKeyFileError
from salon.whatsapp.folder import IDS_FILE

KEYS = {
    "session": {"a:b": b"\x00\xff", "a-b": "other", "a/b": 1, "a__b": 2, "A-B": 3, "é" * 150: 4},
    "sender-key": {"7-15@g.us::70_1::0": [{"seed": b"seed"}]},
    "sender-key-memory": {"7-15@g.us": {"70@s.whatsapp.net": True}},
    "app-state-sync-key": {"AAAAA001/+==": {"keyData": b"data"}},
    "lid-mapping": {"100_reverse": "70000000001"},
    "pre-key": {str(number): {"public": bytes([number])} for number in range(20)},
    "new-type": {"1": "of a later library"},
}


def found(way, session):
    """Return all keys of KEYS, as the session reads them."""
    return {key_type: way.done(session.get(key_type, ids)) for key_type, ids in KEYS.items()}


def test_an_export_is_the_session_when_it_is_imported(way, tmp_path):
    """Every id as it was, also where two have one name of a file, and the credentials."""
    session = way.open()
    session.creds["noiseKey"] = b"noise"
    way.done(session.save_creds())
    way.done(session.set(KEYS))
    many = sum(map(len, KEYS.values()))
    assert way.done(way.store().export_to("42", tmp_path / "export")) == many
    assert way.done(way.store().import_from("43", tmp_path / "export")) == many
    other = way.done(way.store().open("43"))
    assert other.creds == {"n": 1, "noiseKey": b"noise"}
    assert found(way, other) == KEYS
    ids = "SELECT array_agg((key_type, key_id)::text ORDER BY 1) FROM whatsapp_keys"
    of = f"{ids} WHERE company_id = %s"
    assert way.ask(of, ["42"]) == way.ask(of, ["43"])


def test_a_long_session_is_exported_whole(way, tmp_path):
    """More keys than the API gives at once, each once."""
    session = way.open()
    values = {f"{number}": number for number in range(1300)}
    way.done(session.set({"session": values}))
    assert way.done(way.store().export_to("42", tmp_path / "export")) == 1300
    assert len(list((tmp_path / "export").iterdir())) == 1302


def test_nobody_else_may_read_an_export(make_way, tmp_path):
    """The folder and its files are the owner's; one that has something in it is left alone."""
    way = make_way("repositories")
    way.open().set({"session": {"1": b"secret"}})
    folder = tmp_path / "export"
    way.store().export_to("42", folder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)
    with pytest.raises(FolderError):
        way.store().export_to("42", folder)
    with pytest.raises(NoSessionError):
        way.store().export_to("43", tmp_path / "none")


def write(folder, files):
    """Write files of JSON."""
    folder.mkdir()
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")


def test_a_folder_of_the_library_itself_is_imported(way, tmp_path):
    """Names are parsed by the list of known types; Buffers of either spelling are bytes."""
    write(
        tmp_path / "auth",
        {
            "creds.json": {"noiseKey": {"type": "Buffer", "data": "AP8="}},
            "pre-key-5.json": {"public": {"type": "Buffer", "data": [0, 255]}},
            "lid-mapping-X.json": "123",
            "app-state-sync-key-X__Y.json": {"keyData": "AP8="},
            "sender-key-7-1@g.us--70_1--0.json": [1],
        },
    )
    assert way.done(way.store().import_from("42", tmp_path / "auth")) == 4
    session = way.done(way.store().open("42"))
    assert session.creds == {"noiseKey": b"\x00\xff"}
    assert set(way.keys()) == {
        ("pre-key", "5"),
        ("lid-mapping", "X"),
        ("app-state-sync-key", "X/Y"),
        ("sender-key", "7-1@g.us::70_1::0"),
    }
    assert way.done(session.get("pre-key", ["5"])) == {"5": {"public": b"\x00\xff"}}
    assert way.ask("SELECT value FROM whatsapp_keys WHERE key_type = 'lid-mapping'") == "123"


@pytest.mark.parametrize("name", ["pre-5.json", "notes.txt", "app-1.json"])
def test_an_unknown_file_stops_the_import_before_it_begins(blocking, tmp_path, name):
    """Nothing is written, whatever else is in the folder."""
    write(tmp_path / "auth", {"creds.json": {}, "session-1.json": 1, name: 1})
    with pytest.raises(UnknownKeyFileError):
        blocking.store().import_from("42", tmp_path / "auth")
    assert blocking.keys() == {}


def test_an_export_that_is_not_whole_is_refused(make_way, tmp_path):
    """A missing file, a file that is not listed, a list that is none, a file without JSON."""
    way = make_way("repositories")
    way.open().set({"session": {"1": 1, "2": 2}})
    folder = tmp_path / "export"
    way.store().export_to("42", folder)
    text = (folder / "session-1.json").read_text()
    (folder / "session-3.json").write_text(text)
    with pytest.raises(UnknownKeyFileError):
        way.store().import_from("43", folder)
    (folder / "session-3.json").rename(folder / "session-1.json")
    (folder / "session-2.json").write_text("{")
    with pytest.raises(FolderError):
        way.store().import_from("43", folder)
    (folder / "session-2.json").unlink()
    with pytest.raises(FolderError, match=r"session-2\.json"):
        way.store().import_from("43", folder)
    (folder / IDS_FILE).write_text("[]")
    with pytest.raises(FolderError):
        way.store().import_from("43", folder)
    assert way.ask("SELECT count(*) FROM whatsapp_keys") == 2
