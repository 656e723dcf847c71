"""An application of lists: its functions run a few appends and reads as one transaction.

A function's own isolation is honoured by the API that calls it, as PostgREST does, so `run_parts`
is serializable wherever it runs. `read_lists` is one statement, and so one snapshot.
"""

LISTS = 6
SCHEMA = """
CREATE TABLE public.list (key integer PRIMARY KEY, items bigint[] NOT NULL DEFAULT '{}');
CREATE FUNCTION public.run_parts(parts jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE
  SET default_transaction_isolation = 'serializable' AS $$
DECLARE
  part jsonb;
  seen bigint[];
  answer jsonb := '[]';
BEGIN
  FOR part IN SELECT p FROM jsonb_array_elements(parts) AS p LOOP
    IF part ? 'value' THEN
      UPDATE public.list SET items = items || (part ->> 'value')::bigint
        WHERE key = (part ->> 'key')::integer;
      IF NOT FOUND THEN RAISE 'no list %', part ->> 'key'; END IF;
      answer := answer || 'null'::jsonb;
    ELSE
      SELECT items INTO STRICT seen FROM public.list WHERE key = (part ->> 'key')::integer;
      answer := answer || jsonb_build_array(to_jsonb(seen));
    END IF;
  END LOOP;
  RETURN answer;
END $$;
CREATE FUNCTION public.read_lists(keys integer[]) RETURNS TABLE (key integer, items bigint[])
  LANGUAGE sql STABLE AS
  'SELECT l.key, l.items FROM public.list AS l WHERE l.key = ANY (keys) ORDER BY l.key';
GRANT SELECT, UPDATE ON public.list TO anon, authenticated, service_role;
GRANT EXECUTE ON FUNCTION public.run_parts, public.read_lists TO anon, authenticated, service_role;
"""
MORE = "INSERT INTO public.list (key) SELECT unnest(%s::integer[])"


def keys_of(run: int) -> list[int]:
    """Return the lists of a run; each run has its own."""
    return list(range(run * LISTS, (run + 1) * LISTS))
