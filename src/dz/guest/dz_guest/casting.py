"""A column whose type a migration changes into one that PostgreSQL knows no way to, as of a number into a UUID.

SQLite takes any such change, so projects that were made there have them, and nobody could run their migrations from the
first. In a table without rows there is nothing to cast. One with rows is left to fail, as it is anywhere.
"""

import re

NO_WAY = re.compile(r"cannot cast type|cannot be cast")
TABLE = re.compile(r"ALTER TABLE (\S+) ALTER COLUMN ")
CHANGE = re.compile(r"ALTER COLUMN (\S+) TYPE ([^,]+|\w+\([^)]*\)) USING \1::\2(?=,|;|\Z)")


def install(connection):
    """For the migrations of this process."""
    editor = connection.SchemaEditorClass
    plain = editor.execute

    def execute(self, sql, params=()):
        table, changes = TABLE.match(str(sql)), CHANGE.findall(str(sql))
        if self.collect_sql or not table or not changes:
            return plain(self, sql, params)
        from django.db import ProgrammingError, transaction

        try:
            with transaction.atomic(using=self.connection.alias):
                return plain(self, sql, params)
        except ProgrammingError as error:
            if not NO_WAY.search(str(error)):
                raise
            with transaction.atomic(using=self.connection.alias):
                if _has_rows(self, table.group(1)):
                    raise
                for column, kind in changes:
                    print("%s of %s becomes %s: no row has one yet" % (column, table.group(1), kind))
                    plain(self, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT" % (table.group(1), column))
                return plain(self, CHANGE.sub(r"ALTER COLUMN \1 TYPE \2 USING NULL", str(sql)), params)

    editor.execute = execute


def _has_rows(editor, table):
    """For as long as the transaction lasts: the version before still serves, and may be writing the first one."""
    with editor.connection.cursor() as cursor:
        cursor.execute("LOCK TABLE %s IN ACCESS EXCLUSIVE MODE" % table)
        cursor.execute("SELECT 1 FROM %s LIMIT 1" % table)
        return cursor.fetchone() is not None
