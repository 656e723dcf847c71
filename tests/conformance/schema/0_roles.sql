-- Roles of the server, made once.
CREATE ROLE visitor NOLOGIN;
CREATE ROLE author NOLOGIN;
CREATE ROLE member NOLOGIN;
CREATE ROLE stranger NOLOGIN;
CREATE ROLE connector LOGIN NOINHERIT;
GRANT visitor, author, member TO connector;
ALTER ROLE author SET statement_timeout = '11s';
