// Starts GraphiQL from the attributes of its element: no inline script, so that the page's policy can forbid them.
(function () {
  "use strict";
  var root = document.getElementById("graphiql");
  var endpoint = new URL(root.dataset.endpoint, window.location.href).toString();
  var websocket = root.dataset.websocket && new URL(root.dataset.websocket, window.location.href);
  var headers = {};
  var client = null;
  if (websocket) {
    websocket.protocol = websocket.protocol === "https:" ? "wss:" : "ws:";
    client = graphqlWs.createClient({
      url: websocket.toString(),
      lazy: true,
      // What the header editor holds when a subscription starts; the server reads `authorization` from it.
      connectionParams: function () { return headers; },
    });
  }
  var send = GraphiQL.createFetcher({ url: endpoint, wsClient: client || undefined });
  var showsPlan = false;
  function fetcher(parameters, options) {
    headers = (options && options.headers) || {};
    if (showsPlan) {
      parameters = Object.assign({}, parameters, { extensions: { queryPlan: true } });
    }
    return send(parameters, options);
  }
  // A switch in the toolbar: while it is on, each answer carries the plan under `extensions`.
  function PlanSwitch() {
    var state = React.useState(false);
    return React.createElement(
      "button",
      {
        type: "button",
        id: "plan-switch",
        className: "graphiql-un-styled graphiql-toolbar-button",
        title: "Show the query plan with each answer",
        "aria-label": "Show the query plan",
        "aria-pressed": state[0],
        onClick: function () { showsPlan = !state[0]; state[1](showsPlan); },
      },
      "Plan"
    );
  }
  var welcome = [
    "# Welcome to innoERP.",
    "#",
    "# To log in, run the mutation `logIn` and copy the token that it answers into the tab",
    "# \"Headers\" below, so that it reads:",
    "#",
    "#   { \"Authorization\": \"Bearer <token>\" }",
    "#",
    "# The schema then shows what your organization has switched on. Reload it with the",
    "# arrows at the lower left. Ctrl-Space completes, Ctrl-Enter runs.",
    "",
    "query Welcome {",
    "  __typename",
    "}",
    "",
  ].join("\n");
  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, {
      fetcher: fetcher,
      defaultQuery: welcome,
      isHeadersEditorEnabled: true,
      defaultEditorToolsVisibility: "headers",
      toolbar: root.dataset.plans === undefined ? undefined : {
        additionalContent: React.createElement(PlanSwitch),
      },
    })
  );
})();
