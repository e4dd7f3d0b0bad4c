import { parser } from '@prometheus-io/lezer-promql';

/** One look at a metric: its name, and what is asked of its labels. */
export type Selector = {
  metric: string;
  matchers: { label: string; operator: string; value: string }[];
  /** Labels that the results are grouped or matched by, further out. */
  groupedBy: string[];
};

type Node = ReturnType<typeof parser.parse>['topNode'];

/**
 * The selectors of a PromQL expression, read by Prometheus' own grammar.
 *
 * @throws Error for what is no PromQL
 */
export function selectorsOf(expression: string): Selector[] {
  const textOf = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  const tree = parser.parse(expression);
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
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

  /** What an aggregation or a comparison of two sides asks of all that stands in it. */
  function labelsAskedBy(node: Node): string[] {
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
    const groupedBy = [...outer, ...labelsAskedBy(node)];
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child, groupedBy);
  }

  function selectorAt(node: Node, groupedBy: string[]): Selector {
    const [identifier] = childrenOf(node, 'Identifier');
    if (!identifier) throw new Error(`a metric without a name: ${textOf(node)}`);
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
