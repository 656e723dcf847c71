"""Section 8: tokens, roles, settings of a transaction."""

from suite.case import Within, call, delete, error, get, head, patch, post, rule

MEMBER = {"role": "member", "sub": "u1"}
BEARER = {"WWW-Authenticate": "Bearer"}


def invalid(code, message, details=None):
    """Return a refused token's body."""
    return error(code, message, details)


def challenge(text):
    """Return the header that says what is wrong with a token."""
    return {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{text}"'}


def expired(message, **claims):
    """Return a case whose token's claims are refused."""
    return get(
        "/rpc/whoami",
        invalid("PGRST303", message),
        401,
        claims={"role": "author"} | claims,
        answer=challenge(message),
    )


RULES = (
    rule(
        "role-anonymous",
        "§8",
        1,
        "Without a token the anonymous role asks; another scheme is no token",
        get("/rpc/whoami", "visitor"),
        get("/rpc/whoami", "visitor", authorization="Basic dTpw"),
        get("/rpc/whoami", "visitor", headers={"apikey": "x"}),
    ),
    rule(
        "role-none",
        "§8 §9",
        1,
        "Without an anonymous role that is PGRST302",
        get(
            "/tower",
            error("PGRST302", "Anonymous access is disabled"),
            401,
            profile="no-anonymous",
            answer=BEARER,
        ),
        get("/rpc/whoami", "author", claims={"role": "author"}, profile="no-anonymous"),
        get(
            "/tower",
            error("PGRST302", "Anonymous access is disabled"),
            401,
            claims={"sub": "x"},
            profile="no-anonymous",
        ),
    ),
    rule(
        "role-claim",
        "§8",
        1,
        "The token's role is taken on; without one the anonymous role",
        get("/rpc/whoami", "author", claims={"role": "author"}),
        get("/rpc/whoami", "member", claims=MEMBER),
        get("/rpc/whoami", "visitor", claims={"sub": "x"}),
        get("/rpc/whoami", "visitor", claims={}),
    ),
    rule(
        "role-claim-key",
        "§8",
        2,
        "jwt-role-claim-key is a path into the claims",
        get(
            "/rpc/whoami",
            "author",
            claims={"app": {"roles": ["author", "member"]}},
            profile="role-key",
        ),
        get("/rpc/whoami", "visitor", claims={"role": "author"}, profile="role-key"),
    ),
    rule(
        "role-unknown",
        "§8 §9",
        1,
        "An unknown role is 22023 and 401, one that is not granted 42501",
        get(
            "/rpc/whoami",
            error("22023", 'role "nobody_such" does not exist'),
            401,
            claims={"role": "nobody_such"},
        ),
        get(
            "/rpc/whoami",
            error("42501", 'permission denied to set role "stranger"'),
            403,
            claims={"role": "stranger"},
        ),
    ),
    rule(
        "scheme",
        "§8",
        1,
        "Bearer in any case; an empty token is PGRST301",
        get(
            "/rpc/whoami",
            invalid("PGRST301", "Empty JWT is sent in Authorization header"),
            401,
            authorization="Bearer ",
            answer=challenge("Empty JWT is sent in Authorization header"),
        ),
        get("/rpc/whoami", "author", claims={"role": "author"}, headers={"X-Scheme": "bearer"}),
    ),
    rule(
        "token-bad",
        "§8 §9",
        1,
        "What is no token, or signed by another, is PGRST301",
        get(
            "/tower",
            invalid("PGRST301", "Expected 3 parts in JWT; got 1"),
            401,
            authorization="Bearer abc",
            answer=challenge("Expected 3 parts in JWT; got 1"),
        ),
        get(
            "/tower",
            invalid("PGRST301", "Expected 3 parts in JWT; got 2"),
            401,
            authorization="Bearer a.b",
        ),
        get(
            "/tower",
            status=401,
            authorization="Bearer a.b.c",
            answer={"Proxy-Status": "PostgREST; error=PGRST301"},
        ),
        get(
            "/tower",
            invalid(
                "PGRST301",
                "No suitable key or wrong key type",
                "None of the keys was able to decode the JWT",
            ),
            401,
            claims={"role": "author", "@secret": "another secret that is long enough for this"},
        ),
    ),
    rule(
        "token-no-secret",
        "§8 §9",
        1,
        "A token without a secret to check it by is PGRST300",
        get(
            "/tower",
            error("PGRST300", "Server lacks JWT secret"),
            500,
            claims={"role": "author"},
            profile="no-secret",
        ),
        get("/rpc/whoami", "visitor", profile="no-secret"),
    ),
    rule(
        "token-times",
        "§8 §9",
        1,
        "exp, nbf and iat have 30 s of skew; null passes; they must be numbers",
        expired("JWT expired", exp=Within(-60)),
        expired("JWT not yet valid", nbf=Within(60)),
        expired("JWT issued at future", iat=Within(60)),
        expired("The JWT 'exp' claim must be a number", exp="soon"),
        expired("The JWT 'nbf' claim must be a number", nbf="soon"),
        expired("The JWT 'iat' claim must be a number", iat="soon"),
        get("/rpc/whoami", "author", claims={"role": "author", "exp": Within(-10)}),
        get("/rpc/whoami", "author", claims={"role": "author", "nbf": Within(10)}),
        get("/rpc/whoami", "author", claims={"role": "author", "exp": None}),
        get("/rpc/whoami", "author", claims={"role": "author", "exp": Within(600)}),
    ),
    rule(
        "token-audience",
        "§8 §9",
        1,
        "The audience must be the configured one, if there is one",
        get("/rpc/whoami", "author", claims={"role": "author", "aud": "ships"}, profile="audience"),
        get(
            "/rpc/whoami",
            "author",
            claims={"role": "author", "aud": ["x", "ships"]},
            profile="audience",
        ),
        get("/rpc/whoami", "author", claims={"role": "author"}, profile="audience"),
        get("/rpc/whoami", "author", claims={"role": "author", "aud": []}, profile="audience"),
        get(
            "/rpc/whoami",
            invalid("PGRST303", "JWT not in audience"),
            401,
            claims={"role": "author", "aud": "x"},
            profile="audience",
        ),
        get(
            "/rpc/whoami",
            invalid("PGRST303", "JWT not in audience"),
            401,
            claims={"role": "author", "aud": ""},
            profile="audience",
        ),
        get("/rpc/whoami", "author", claims={"role": "author", "aud": "anything"}),
        get(
            "/rpc/whoami",
            invalid("PGRST303", "The JWT 'aud' claim must be a string or an array of strings"),
            401,
            claims={"role": "author", "aud": 5},
        ),
    ),
    rule(
        "rights",
        "§8 §9",
        1,
        "A right that is missing is 401 for the anonymous role, 403 for another",
        get("/sealed", error("42501", "permission denied for table sealed"), 401, answer=BEARER),
        get(
            "/sealed",
            error("42501", "permission denied for table sealed"),
            403,
            claims=MEMBER,
            answer={"WWW-Authenticate": None},
        ),
        get(
            "/note",
            error("42501", "permission denied for table note"),
            403,
            claims={"role": "author"},
        ),
        head("/sealed", 401),
    ),
    rule(
        "row-security",
        "§8",
        1,
        "Row security sees the claims of the request",
        get("/note?select=id&order=id", [{"id": 1}, {"id": 3}], claims=MEMBER, ordered=True),
        get("/note?select=id", [{"id": 2}], claims=MEMBER | {"sub": "u2"}),
        get("/note?select=id", [], claims=MEMBER | {"sub": "u'3"}),
        patch(
            "/note?id=eq.2&select=id",
            {"body": "x"},
            [],
            200,
            claims=MEMBER,
            prefer="return=representation",
        ),
        delete(
            "/note?select=id",
            [{"id": 1}, {"id": 3}],
            200,
            claims=MEMBER,
            prefer="return=representation",
        ),
        post(
            "/note",
            {"id": 9, "owner": "u2"},
            error("42501", 'new row violates row-level security policy for table "note"'),
            403,
            claims=MEMBER,
        ),
        post(
            "/note?select=id",
            {"id": 9, "owner": "u1"},
            [{"id": 9}],
            claims=MEMBER,
            prefer="return=representation",
        ),
        get(
            "/note",
            status=200,
            claims=MEMBER,
            prefer="count=exact",
            answer={"Content-Range": "0-1/2"},
        ),
    ),
    rule(
        "setting-request",
        "§8",
        1,
        "Method, path, headers, cookies and claims can be read in SQL",
        get("/rpc/setting?name=request.method", "GET"),
        call("setting", {"name": "request.method"}, "POST"),
        get("/rpc/setting?name=request.path", "/rpc/setting"),
        get("/rpc/setting?name=role", "visitor"),
        get("/rpc/setting?name=request.jwt.claims", '{"role":"visitor"}'),
        get("/rpc/setting?name=search_path", '"api", "extra"'),
        get("/rpc/show_path", '"other", "extra"', headers={"Accept-Profile": "other"}),
    ),
    rule(
        "setting-role",
        "§8",
        2,
        "Settings of ALTER ROLE apply to that role's requests, where they may be set",
        get(
            "/rpc/setting?name=log_min_duration_statement",
            "-1",
            claims={"role": "author"},
        ),
        get(
            "/rpc/setting?name=transaction_isolation",
            "repeatable read",
            claims={"role": "careful"},
        ),
        call("hoisted", {}, "7s repeatable read", claims={"role": "careful"}),
        get("/rpc/setting?name=statement_timeout", "11s", claims={"role": "author"}),
        get("/rpc/setting?name=statement_timeout", "0"),
    ),
    rule(
        "setting-function",
        "§8",
        2,
        "A function's settings are hoisted to the transaction, its isolation too",
        call("hoisted", {}, "7s repeatable read"),
        get("/rpc/setting?name=transaction_isolation", "read committed"),
    ),
    rule(
        "setting-application",
        "§8",
        2,
        "app.settings.* can be read in SQL",
        get("/rpc/setting?name=app.settings.colour", "teal", profile="with-settings"),
    ),
    rule(
        "pre-request",
        "§8",
        2,
        "The pre-request function runs after the settings and may refuse or set headers",
        get(
            "/tower?id=eq.1",
            [{"id": 1, "name": "east"}],
            profile="guarded",
            answer={"X-Before": "each"},
        ),
        get(
            "/tower",
            error("PT403", "refused before"),
            403,
            headers={"X-Refuse": "1"},
            profile="guarded",
        ),
        post("/tower", {"id": 9}, profile="guarded", answer={"X-Before": "each"}),
        get("/rpc/answer", 42, profile="guarded", answer={"X-Before": "each"}),
    ),
    rule(
        "setting-left",
        "§8",
        1,
        "Nothing of a request is left on the connection",
        get("/rpc/whoami", "visitor"),
        get("/rpc/setting?name=timezone", "UTC"),
    ),
)
