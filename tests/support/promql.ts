import { parser } from '@prometheus-io/lezer-promql';

/** A vector selector: the metric name and the label matchers. */
export type Selector = {
  metric: string;
  matchers: { label: string; operator: string; value: string }[];
  /** Labels of the enclosing `by` and `on` clauses. */
  groupedBy: string[];
};

type Node = ReturnType<typeof parser.parse>['topNode'];

/**
 * Returns the selectors of a PromQL expression, parsed with Prometheus' own grammar.
 *
 * @throws Error if the expression is not PromQL
 */
export function selectorsOf(expression: string): Selector[] {
  const textOf = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  const tree = parser.parse(expression);
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${expression}`);
    },
  });

  function childrenOf(node: Node, name: string): Node[] {
    const found: Node[] = [];
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name === name) found.push(child);
    }
    return found;
  }

  function namesIn(node: Node): string[] {
    return childrenOf(node, 'GroupingLabels').flatMap((group) => childrenOf(group, 'LabelName').map(textOf));
  }

  /** Returns the labels of the `by` clause of an aggregation or of the `on` clause of a binary operation. */
  function groupingLabels(node: Node): string[] {
    if (node.name === 'AggregateExpr') {
      return childrenOf(node, 'AggregateModifier').flatMap((modifier) =>
        childrenOf(modifier, 'By').length > 0 ? namesIn(modifier) : [],
      );
    }
    return childrenOf(node, 'MatchingModifierClause').flatMap((clause) =>
      childrenOf(clause, 'On').length > 0 ? namesIn(clause) : [],
    );
  }

  const selectors: Selector[] = [];
  function visit(node: Node, outer: string[]): void {
    if (node.name === 'VectorSelector') {
      selectors.push(selectorAt(node, outer));
      return;
    }
    const groupedBy = [...outer, ...groupingLabels(node)];
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child, groupedBy);
  }

  function selectorAt(node: Node, groupedBy: string[]): Selector {
    const [identifier] = childrenOf(node, 'Identifier');
    if (!identifier) throw new Error(`selector without a metric name: ${textOf(node)}`);
    const matchers = childrenOf(node, 'LabelMatchers')
      .flatMap((list) => childrenOf(list, 'UnquotedLabelMatcher'))
      .map((matcher) => {
        const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) =>
          childrenOf(matcher, part).map(textOf).join(),
        );
        return { label: label ?? '', operator: operator ?? '', value: (value ?? '').slice(1, -1) };
      });
    return { metric: textOf(identifier), matchers, groupedBy };
  }

  visit(tree.topNode, []);
  return selectors;
}
