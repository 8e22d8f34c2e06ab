from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0003_signintries")]

    operations = [
        migrations.AddField(model_name="project", name="left_unset", field=models.JSONField(default=list)),
    ]
