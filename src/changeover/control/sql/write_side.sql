-- Nothing: writes or renews the side's row; epoch, attempt and fence stay as they are.
INSERT INTO changeover.side AS s
  (side, version, intention, mirror_role, secret_digest, rest_mode)
VALUES (%(side)s, %(version)s, %(intention)s, %(role)s, %(digest)s, %(rest_mode)s)
ON CONFLICT (is_single) DO UPDATE
SET mirror_role = excluded.mirror_role, secret_digest = excluded.secret_digest,
  rest_mode = excluded.rest_mode
