"""django-import-export: imports for Django's models, in the bulk mode of its documentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

import msgspec
from psycopg import conninfo

from bench.peers.peer import Loaded, Peer, command
from bench.peers.postgrest import COLUMNS
from bench.people import Contact

_SCRIPT: Final = """
import json, sys, time
from pathlib import Path
import django
from django.conf import settings
source, columns, database = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
settings.configure(
    INSTALLED_APPS=["import_export"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **database}},
)
django.setup()
import tablib
from django.db import connection, models
from import_export import resources
from import_export.instance_loaders import CachedInstanceLoader

fields = {name: models.TextField(null=True) for name in columns}
fields |= {"email": models.TextField(unique=True), "first_interaction_date": models.DateField(null=True)}
meta = type("Meta", (), {"app_label": "bench", "db_table": "django_contacts"})
Contact = type("Contact", (models.Model,), {"__module__": "bench", "Meta": meta, **fields})

class ContactResource(resources.ModelResource):
    class Meta:
        model = Contact
        import_id_fields = ["email"]
        fields = tuple(columns)
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        skip_html_diff = True
        use_transactions = True
        instance_loader_class = CachedInstanceLoader

with connection.cursor() as cursor:
    cursor.execute("DROP TABLE IF EXISTS django_contacts")
with connection.schema_editor() as editor:
    editor.create_model(Contact)
begun = time.perf_counter()
rows = json.loads(Path(source).read_bytes())
dataset = tablib.Dataset(*([row[name] for name in columns] for row in rows), headers=columns)
result = ContactResource().import_data(dataset, raise_errors=True)
print(time.perf_counter() - begun, Contact.objects.count())
"""


class DjangoImportExport(Peer):
    """django-import-export in bulk mode."""

    name = "django-import-export 4.4.3, bulk mode"
    less = "a library: no server and no job; in bulk mode all or nothing, and an address must not stand twice in a file"
    pip: ClassVar = ("django==5.2.19", "django-import-export==4.4.3", "psycopg[binary]==3.3.9")
    home = "django-import-export"
    distinct = True

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Import a dataset, each row looked up by its address."""
        source = (self.directory / "rows.json").absolute()
        source.write_bytes(msgspec.json.encode(rows))
        parts = conninfo.conninfo_to_dict(self.url)
        known = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
        database = {name: str(parts.get(part) or "") for name, part in known.items()}
        words = [str(source), msgspec.json.encode(COLUMNS).decode(), msgspec.json.encode(database).decode()]
        seconds, stored = command([self.python, "-c", _SCRIPT, *words]).split()
        return Loaded(float(seconds), int(stored))
