"""The URLs of the site, apart from the admin's."""

from django.contrib.auth.views import LoginView, LogoutView
from django.templatetags.static import static
from django.urls import path, re_path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog, set_language

from generations import webhooks
from generations.catalog import (
    clip_actions,
    collections,
    comments,
    compare,
    embeds,
    feeds,
    links,
    ratings,
    review,
    searches,
    security,
    selecting,
    shares,
)
from generations.catalog.health import healthz
from generations.catalog.media import media, reference_image
from generations.catalog.posters import frames, poster
from generations.catalog.shots import takes
from generations.catalog.sign_in_forms import SignInForm
from generations.catalog.video_page import video
from generations.catalog.views import catalog

urlpatterns = [
    path("webhooks/<slug:provider>/<str:token>/", webhooks.receive, name="webhook"),
    path("language/", set_language, name="set_language"),
    path("words.js", cache_control(max_age=3600)(JavaScriptCatalog.as_view(packages=["generations"])), name="words"),
    path("", catalog, name="catalog"),
    path("compare/", compare.compare, name="compare"),
    path("compare/winner/", compare.winner, name="winner"),
    path("compare/reject-others/", compare.reject_others, name="reject_others"),
    path("videos/<int:pk>/", video, name="video"),
    path("videos/<int:pk>/rating/", ratings.rating, name="rating"),
    path("videos/<int:pk>/favourite/", ratings.favourite, name="favourite"),
    path("videos/<int:pk>/decision/", ratings.decision, name="decision"),
    path("videos/<int:pk>/send-back/", review.send_back, name="send_back"),
    path("videos/<int:pk>/publish/", review.publish, name="publish"),
    path("videos/<int:pk>/unpublish/", review.unpublish, name="unpublish"),
    path("videos/<int:pk>/poster/", poster, name="poster"),
    path("videos/<int:pk>/frames.jpg", frames, name="frames"),
    path("videos/<int:pk>/edit/", clip_actions.edit, name="edit_video"),
    path("videos/<int:pk>/choose/", clip_actions.choose_take, name="choose_take"),
    path("videos/<int:pk>/comments/", comments.write, name="comments"),
    path("videos/<int:pk>/comments.<str:form>", comments.export, name="comments_export"),
    path("mentions/", comments.mentions, name="mentions"),
    path("comments/<int:pk>/<str:verb>/", comments.act, name="comment_act"),
    path("searches/", searches.searches, name="searches"),
    path("searches/new/", searches.save_search, name="save_search"),
    path("searches/<int:pk>/delete/", searches.delete_search, name="delete_search"),
    path("shots/<int:pk>/", takes, name="takes"),
    path("selection/", selecting.act, name="selection"),
    path("selection/bar/", selecting.bar, name="selection_bar"),
    path("collections/", collections.collection_list, name="collections"),
    path("collections/<slug:slug>/", collections.collection, name="collection"),
    path("collections/<slug:slug>/edit/", collections.edit, name="collection_edit"),
    path("collections/<slug:slug>/add/", collections.add, name="collection_add"),
    path("collections/<slug:slug>/remove/", collections.remove, name="collection_remove"),
    path("collections/<slug:slug>/order/", collections.order, name="collection_order"),
    path("collections/<slug:slug>/play/", collections.rough_cut, name="rough_cut"),
    path("collections/<slug:slug>/zip/", collections.download, name="collection_zip"),
    re_path(r"^collections/(?P<slug>[-\w]+)/cut\.(?P<suffix>otio|edl)$", collections.cut_list, name="cut_list"),
    path("download/", collections.selection, name="zip"),
    path("media/<path:path>", media, name="media"),
    path("reference/<str:signed>.<str:extension>", reference_image, name="reference_image"),
    path("links/", links.links, name="links"),
    path("links/new/", links.new_link, name="new_link"),
    path("links/<int:pk>/revoke/", links.revoke_link, name="revoke_link"),
    path("links/<int:pk>/password/", links.change_password, name="link_password"),
    path("s/<str:token>/", shares.share, name="share"),
    path("s/<str:token>/videos/<int:pk>/", shares.clip, name="shared_clip"),
    path("s/<str:token>/videos/<int:pk>/comments/", shares.comment, name="shared_comment"),
    path("s/<str:token>/media/<path:path>", shares.file, name="shared_file"),
    path("s/<str:token>/<path:rest>", shares.nothing),
    path("embed/<str:token>/", embeds.embed, name="embed"),
    path("feeds/published.atom", feeds.published, name="published_feed"),
    path("feeds/<str:token>.atom", feeds.saved, name="saved_feed"),
    path("feeds/<str:token>/media/<path:path>", feeds.file, name="feed_file"),
    path("login/", LoginView.as_view(form_class=SignInForm, redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("security/", security.security, name="security"),
    path("security/password/", security.ChangePassword.as_view(), name="password"),
    path("security/sign-out/", security.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("security/two-step/", security.turn_on, name="two_step"),
    path("security/two-step/off/", security.turn_off, name="two_step_off"),
    path("healthz", healthz, name="healthz"),
    # Browsers request it for pages without an icon: stored files and Django's own pages.
    path("favicon.ico", RedirectView.as_view(url=static("generations/favicon.svg")), name="favicon"),
]
