/* Begins the live part of the page, when every other script is there. */
window.renderer = new DashRenderer();
