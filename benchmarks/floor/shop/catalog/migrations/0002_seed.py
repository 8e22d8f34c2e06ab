from django.db import migrations


def seed(apps, schema_editor):
    Category = apps.get_model("catalog", "Category")
    Product = apps.get_model("catalog", "Product")
    for c in range(4):
        category = Category.objects.create(name=f"Category {c}", slug=f"category-{c}")
        Product.objects.bulk_create(
            Product(category=category, name=f"Product {c}-{p}", price=p + 1, description="Lorem ipsum " * 20)
            for p in range(25)
        )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
