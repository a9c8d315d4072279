// Hover, zoom, filter and keyboard for charts and tables. Every page says the
// same without it; this only makes looking easier.
"use strict";
