-- Roles of the server, made once.
CREATE ROLE visitor NOLOGIN;
CREATE ROLE author NOLOGIN;
CREATE ROLE member NOLOGIN;
CREATE ROLE stranger NOLOGIN;
CREATE ROLE careful NOLOGIN;
CREATE ROLE connector LOGIN NOINHERIT;
GRANT visitor TO careful;
GRANT visitor, author, member, careful TO connector;
ALTER ROLE author SET statement_timeout = '11s';
-- The connecting role may not set this one.
ALTER ROLE author SET log_min_duration_statement = '1h';
ALTER ROLE careful SET default_transaction_isolation = 'repeatable read';
