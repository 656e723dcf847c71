"""The target is gone for good, and clients knew it as the primary: how they are told."""

import json

import pytest
from routed import read, side_of, write

from changeover.control.swap import Kind
from changeover.model.errors import ConfigurationError
from changeover.model.side import Side, Stage
from changeover.routing.last_state import LastState
from changeover.routing.rule import State

WHO = "/answered_by"
AFTER_THE_CUTOVER = State(stage=Stage.RAMP_DOWN, primary=Side.TARGET, epoch=2, seen="digest")


def test_a_client_that_is_told_off_serves_from_the_source(
    world, make_router, target_proxy, monkeypatch
):
    """With CHANGEOVER_STAGE=off neither the file nor the target is believed any more."""
    LastState(world.target_dsn).write(AFTER_THE_CUTOVER, "")
    target_proxy.refuse()
    lost = make_router(target_dsn=target_proxy.dsn)
    assert lost.send(read(WHO)).status == 503
    monkeypatch.setenv("CHANGEOVER_STAGE", "off")
    told = make_router(target_dsn=target_proxy.dsn)
    assert side_of(told.send(read(WHO))) == "source"
    assert told.send(write(1)).status == 201
    assert world.ids(Side.SOURCE) == [1]


def test_it_is_off_whatever_a_target_that_came_back_says(world, make_router, monkeypatch):
    """A target that answers again is not asked."""
    world.set_stage(Stage.LIVE, percent=100)
    monkeypatch.setenv("CHANGEOVER_STAGE", "off")
    router = make_router()
    keyed = {"changeover-targeting-key": "anybody"}
    assert [side_of(router.send(read(WHO, **keyed))) for _ in range(3)] == ["source"] * 3
    assert router.link.view.state.stage is Stage.OFF
    assert world.on(Side.TARGET, "SELECT name FROM changeover.client") == []


def test_the_file_says_off_from_then_on(world, make_router, target_proxy, monkeypatch):
    """One start with it is enough: a later one without it begins in `off`, the target away."""
    LastState(world.target_dsn).write(AFTER_THE_CUTOVER, "")
    target_proxy.refuse()
    monkeypatch.setenv("CHANGEOVER_STAGE", "off")
    once = make_router(target_dsn=target_proxy.dsn)
    assert side_of(once.send(read(WHO))) == "source"
    once.close()
    monkeypatch.delenv("CHANGEOVER_STAGE")
    assert side_of(make_router(target_dsn=target_proxy.dsn).send(read(WHO))) == "source"


def test_a_write_that_the_sources_fence_refuses_is_not_written(world, make_router, monkeypatch):
    """Said by mistake, after a cutover: the fence decides, and the caller is told so at once."""
    world.set_stage(Stage.LIVE)
    world.swap(Kind.CUTOVER)
    monkeypatch.setenv("CHANGEOVER_STAGE", "off")
    reply = make_router().send(write(2))
    assert (reply.status, json.loads(reply.body)["code"]) == (503, "CO601")
    assert world.ids(Side.TARGET) == []


def test_no_other_stage_can_be_said(make_router, monkeypatch):
    """Where reads may go to the target is told by its control tables alone."""
    monkeypatch.setenv("CHANGEOVER_STAGE", "live")
    with pytest.raises(ConfigurationError, match="CHANGEOVER_STAGE is 'live'"):
        make_router()
