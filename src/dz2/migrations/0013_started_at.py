"""When each process was last started."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0012_links")]

    operations = [
        migrations.AddField("appserverdeployment", "started_at", models.DateTimeField(null=True)),
        migrations.AddField("projectredis", "started_at", models.DateTimeField(null=True)),
    ]
