"""A backup that left the files out knows the volume in which they lie."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0007_p")]

    operations = [migrations.AddField("Backup", "beside", models.CharField(blank=True, max_length=63))]
