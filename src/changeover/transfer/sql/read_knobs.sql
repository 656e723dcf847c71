-- One row per knob that is turned: name, value.
SELECT k.name, k.value FROM changeover.knob AS k
