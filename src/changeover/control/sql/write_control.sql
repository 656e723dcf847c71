-- Nothing: writes the control row if there is none.
INSERT INTO changeover.control (version, source_identity, target_identity)
VALUES (%(version)s, %(source)s, %(target)s)
ON CONFLICT (is_single) DO NOTHING
