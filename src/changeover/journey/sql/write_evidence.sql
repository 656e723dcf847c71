-- Nothing: adds evidence for a gate.
INSERT INTO changeover.evidence (gate, outcome, detail, by_whom, epoch)
VALUES (%(gate)s, %(outcome)s, %(detail)s, %(who)s, %(epoch)s)
