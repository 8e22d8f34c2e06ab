from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="destroying_at",
            field=models.DateTimeField(null=True),
        ),
    ]
