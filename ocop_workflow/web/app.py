"""The web application over one opened data folder."""

from fastapi import FastAPI
from starlette.types import Lifespan

from ocop_workflow.runtime import Runtime
from ocop_workflow.web.page_headers import PageHeadersMiddleware
from ocop_workflow.web.pages import Pages
from ocop_workflow.web.rendering import load_renderer


def create_app(runtime: Runtime, *, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application: status pages, the form for a new link, `/healthz`. Nothing is started.

    Args:
        runtime: The data folder, open for as long as the application serves.
        lifespan: What starts and stops with the server.
    """
    app = FastAPI(
        title="OCOP", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan
    )
    pages = Pages(runtime, load_renderer(simulated=runtime.simulated))
    app.include_router(pages.router())
    app.add_middleware(PageHeadersMiddleware)
    app.add_exception_handler(404, pages.not_found)
    app.add_exception_handler(500, pages.failed)
    return app
