-- A library: every way in which tables lead to each other.
CREATE SCHEMA library;

CREATE TABLE library.author (
  id int PRIMARY KEY, name text NOT NULL, country text, address jsonb
);
CREATE TABLE library.book (
  id int PRIMARY KEY,
  title text NOT NULL,
  author_id int REFERENCES library.author,
  price numeric(8, 2),
  tags text[] NOT NULL DEFAULT '{}',
  meta jsonb,
  raw json,
  published date,
  pages int4range,
  is_lent boolean,
  search tsvector
);
CREATE TABLE library.binding (
  book_id int PRIMARY KEY REFERENCES library.book, cover text
);
CREATE TABLE library.genre (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE library.book_genre (
  book_id int REFERENCES library.book,
  genre_id int REFERENCES library.genre,
  PRIMARY KEY (book_id, genre_id)
);
CREATE TABLE library.person (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE library.review (
  id int PRIMARY KEY,
  book_id int NOT NULL REFERENCES library.book,
  stars int,
  note text,
  reviewer_id int CONSTRAINT review_reviewer REFERENCES library.person,
  editor_id int CONSTRAINT review_editor REFERENCES library.person
);
CREATE TABLE library.employee (
  id int PRIMARY KEY, name text, manager_id int REFERENCES library.employee
);
CREATE TABLE library."odd ""name" (id int PRIMARY KEY, "order" text, "a.b" text, "имя" text);
CREATE TABLE library.nothing (id int PRIMARY KEY, name text);

CREATE VIEW library.cheap AS SELECT id, title, author_id, price FROM library.book WHERE price < 10;

CREATE FUNCTION library.label(library.book) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT $1.id || ': ' || $1.title $$;
CREATE FUNCTION library.best(library.book) RETURNS SETOF library.review ROWS 1 LANGUAGE sql STABLE
  AS $$ SELECT * FROM library.review WHERE book_id = $1.id ORDER BY stars DESC LIMIT 1 $$;
CREATE FUNCTION library.dear(library.author) RETURNS SETOF library.book LANGUAGE sql STABLE
  AS $$ SELECT * FROM library.book WHERE author_id = $1.id AND price >= 10 $$;
CREATE FUNCTION library.announce() RETURNS int LANGUAGE plpgsql STABLE AS $$
  BEGIN
    PERFORM set_config('response.headers', '[{"X-A": "1"}, {"x-a": "2"}, {"Vary": "X"}]', true);
    PERFORM set_config('response.status', '203', true);
    RETURN 1;
  END $$;

INSERT INTO library.author VALUES
  (1, 'Ada', 'GB', '{"city": "London", "lines": ["a", "b"]}'),
  (2, 'Boris', NULL, NULL),
  (3, 'Clara', 'DE', '{"city": "Bonn"}');
INSERT INTO library.book VALUES
  (1, 'Engines', 1, 12.50, '{red,"a,b"}', '{"n": 1, "deep": {"k": [10, 20]}}', '{"b":1,"a":2}',
   '2001-02-03', '[1,10)', true, to_tsvector('simple', 'steam engine')),
  (2, 'Notes', 1, 9.00, '{}', '{"n": 2}', NULL, '2002-01-01', '[20,30)', false,
   to_tsvector('simple', 'paper notes')),
  (3, 'Winter', 2, 7.25, '{blue}', NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 'Orphan', NULL, NULL, '{red}', '{"n": null}', NULL, '1999-12-31', 'empty', true, NULL);
INSERT INTO library.binding VALUES (1, 'leather'), (3, 'paper');
INSERT INTO library.genre VALUES (1, 'science'), (2, 'travel'), (3, 'unused');
INSERT INTO library.book_genre VALUES (1, 1), (1, 2), (3, 2);
INSERT INTO library.person VALUES (1, 'Rita'), (2, 'Egon');
INSERT INTO library.review VALUES
  (1, 1, 5, 'great', 1, 2), (2, 1, 3, NULL, 1, NULL), (3, 3, 4, 'cold', 2, 2);
INSERT INTO library.employee VALUES (1, 'Boss', NULL), (2, 'Mid', 1), (3, 'Low', 2);
INSERT INTO library."odd ""name" VALUES (1, 'x', 'dot', 'да'), (2, 'a,b', 'q"q', 'нет');

-- A gallery: media types of its own.
CREATE SCHEMA gallery;
CREATE DOMAIN gallery."text/html" AS text;
CREATE DOMAIN gallery."image/png" AS bytea;
CREATE DOMAIN gallery."application/x-names" AS text;
CREATE TABLE gallery.picture (id int PRIMARY KEY, name text);
CREATE TABLE gallery.frame (id int PRIMARY KEY, name text);
INSERT INTO gallery.picture VALUES (1, 'sun'), (2, 'sea');
INSERT INTO gallery.frame VALUES (1, 'oak');

CREATE FUNCTION gallery.add_picture(text, gallery.picture) RETURNS gallery."text/html"
  LANGUAGE sql IMMUTABLE AS $$ SELECT (coalesce($1, '') || '<b>' || $2.name || '</b>') $$;
CREATE AGGREGATE gallery.to_html(gallery.picture) (
  SFUNC = gallery.add_picture, STYPE = gallery."text/html"
);
CREATE FUNCTION gallery.add_any(text, anyelement) RETURNS gallery."application/x-names"
  LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce($1, '') || (row_to_json($2)->>'name') || ';' $$;
CREATE AGGREGATE gallery.to_names(anyelement) (
  SFUNC = gallery.add_any, STYPE = gallery."application/x-names"
);
CREATE FUNCTION gallery.logo() RETURNS gallery."image/png" LANGUAGE sql STABLE
  AS $$ SELECT '\x89504e47ff00'::bytea $$;
