from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0002_project_destroying_at")]

    operations = [
        migrations.CreateModel(
            name="SignInTries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("tries", models.IntegerField(default=0)),
                ("until", models.DateTimeField()),
            ],
        ),
    ]
