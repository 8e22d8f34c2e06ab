"""One kind of one-time link: those to a project's admin name the project. The ones that are open, for half an hour at
most, have to be made again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dz2", "0011_p8")]

    operations = [
        migrations.DeleteModel("AdministratorLink"),
        migrations.RemoveField("onetimelink", "used_by"),
        migrations.AddField(
            "onetimelink",
            "project",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="dz2.project"
            ),
        ),
    ]
