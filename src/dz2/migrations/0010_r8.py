"""How a project's own Redis is; it is wanted once the release that asks for it is live."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0009_r")]

    operations = [
        migrations.AlterField("projectredis", "wanted", models.BooleanField(default=False)),
        migrations.AddField("projectredis", "memory", models.BigIntegerField(null=True)),
        migrations.AddField("projectredis", "restarts", models.PositiveIntegerField(default=0)),
        migrations.AddField("projectredis", "detail", models.CharField(blank=True, max_length=200)),
        migrations.AddField("projectredis", "seen_at", models.DateTimeField(null=True)),
    ]
