import { hrefOf, parseRoute, type Route } from "../route.ts";

/** The place that the address bar shows, and the ways to change it. */
export class Router {
  route = $state.raw<Route>({ page: "connect" });

  constructor() {
    this.route = parseRoute(location.hash);
    addEventListener("hashchange", () => {
      this.route = parseRoute(location.hash);
    });
  }

  go(route: Route): void {
    const href = hrefOf(route);
    if (location.hash === href) this.route = route;
    else location.hash = href;
  }

  /** Goes there without a step in the history: for places that only lead on. */
  replace(route: Route): void {
    history.replaceState(null, "", hrefOf(route));
    this.route = route;
  }
}
