from django.contrib import admin

from .models import Comment, Post, Tag

admin.site.register(Tag)
admin.site.register(Comment)


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    prepopulated_fields = {"slug": ["title"]}
    list_display = ["title", "published"]
