from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0005_living")]

    operations = [
        migrations.AddField(
            "release", "database", models.CharField(blank=True, max_length=63, default=""), preserve_default=False
        ),
        migrations.AddField("backup", "cleared", models.JSONField(default=list)),
        migrations.AlterField(
            "backup",
            "state",
            models.CharField(
                choices=[("running", "Running"), ("good", "Good"), ("failed", "Failed"), ("old", "Old")],
                default="running",
                max_length=10,
            ),
        ),
    ]
