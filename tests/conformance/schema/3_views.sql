-- Views, views of views, and functions that count as columns and relationships.
CREATE VIEW api.harbour_view AS SELECT id, name, depth FROM api.harbour;
CREATE VIEW api.harbour_names AS SELECT id, name FROM api.harbour_view;
CREATE VIEW api.ship_view AS SELECT id, name AS title, harbour_id AS home_id FROM api.ship;
CREATE MATERIALIZED VIEW api.ship_stats AS SELECT id, harbour_id, tonnage FROM api.ship;
CREATE VIEW api.ship_union AS
  SELECT id, harbour_id FROM api.ship UNION ALL SELECT id, harbour_id FROM api.ship;
CREATE VIEW api.ship_twice AS SELECT id, harbour_id AS one, harbour_id AS two FROM api.ship;
CREATE VIEW api.vault_view AS SELECT id, harbour_id FROM private.vault;
CREATE VIEW api.ship_sum AS SELECT count(*) AS n FROM api.ship;
CREATE VIEW api.pair_view AS SELECT a, b, v FROM api.pair;
CREATE VIEW api.item_view AS SELECT id, name, kind FROM api.item;
CREATE VIEW api.item_door AS SELECT id, upper(name) AS loud FROM api.item;

CREATE FUNCTION api.item_door_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO api.item (id, name) VALUES (NEW.id, lower(NEW.loud));
  RETURN NEW;
END $$;
CREATE TRIGGER enter INSTEAD OF INSERT ON api.item_door
  FOR EACH ROW EXECUTE FUNCTION api.item_door_insert();

CREATE FUNCTION api.label(api.ship) RETURNS text IMMUTABLE LANGUAGE sql AS
  $$ SELECT $1.name || ' (' || coalesce($1.built::text, '?') || ')' $$;
CREATE FUNCTION api.shout(api.item) RETURNS text IMMUTABLE LANGUAGE sql AS
  $$ SELECT upper($1.name) $$;
CREATE FUNCTION api.heavy_cargo(api.ship) RETURNS SETOF api.cargo STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.cargo WHERE ship_id = $1.id AND weight > 5 $$;
CREATE FUNCTION api.home(api.ship) RETURNS SETOF api.harbour ROWS 1 STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.harbour WHERE id = $1.harbour_id $$;
CREATE FUNCTION api.newest(api.harbour) RETURNS api.ship STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.ship WHERE harbour_id = $1.id ORDER BY built DESC LIMIT 1 $$;
CREATE FUNCTION api.tower(api.lamp) RETURNS SETOF api.tower ROWS 1 STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.tower WHERE id = $1.tower_id + 1 $$;
CREATE FUNCTION api.pupils(api.sailor) RETURNS SETOF api.sailor STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.sailor WHERE mentor_id = $1.id $$;
