"""The WhatsApp tables of the salon's source, and nothing else of it."""

import re

from salon import schema

OWN = re.compile(rb"public\.\w*whatsapp_(?:auth|keys)|ALL (?:TABLES|FUNCTIONS)")


def create(database):
    """Create the tables, their functions, triggers, policies and grants."""
    with database.connect() as connection, connection.transaction():
        for statement in schema.source_statements():
            if OWN.search(statement):
                connection.execute(statement)
