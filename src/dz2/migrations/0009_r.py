"""A project's own Redis: where it listens, and the password that was made before it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0008_v")]

    operations = [
        migrations.CreateModel(
            "ProjectRedis",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("port", models.PositiveIntegerField(null=True)),
                ("password", models.BinaryField()),
                ("wanted", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "appserver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redises",
                        to="dz2.appserver",
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="redis", to="dz2.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("appserver", "port"), name="redis_port_once_per_host")
                ]
            },
        ),
    ]
