using System.Text;

namespace MiniTorch.Nn;

/// <summary>Writes a graph in the languages of Graphviz and Mermaid.</summary>
internal static class GraphText
{
    public static string Dot(ModuleGraph graph)
    {
        var text = new StringBuilder($"digraph {Quoted(graph.Title)} {{\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", "
            + "fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n");
        Inside("", "  ");
        foreach ((string from, string to) in graph.Arrows) text.Append($"  {from} -> {to};\n");
        return text.Append("}\n").ToString();

        void Inside(string frame, string indent)
        {
            foreach (Box box in graph.Boxes.Where(box => box.Frame == frame))
            {
                string look = box.Kind switch
                {
                    BoxKind.Input or BoxKind.Output => ", shape=ellipse, fillcolor=lightyellow",
                    BoxKind.Parameter => ", style=filled, fillcolor=lightblue",
                    BoxKind.Module => ", fillcolor=lightgrey",
                    _ => ""
                };
                text.Append($"{indent}{box.Id} [label={Quoted(string.Join("\n", box.Lines))}{look}];\n");
            }
            foreach ((string path, string label) in graph.Frames(frame))
            {
                text.Append($"{indent}subgraph {Quoted("cluster_" + path)} {{\n{indent}  label={Quoted(label)}; fontname=\"sans-serif\"; "
                    + "style=rounded;\n");
                Inside(path, indent + "  ");
                text.Append(indent).Append("}\n");
            }
        }
    }

    public static string Mermaid(ModuleGraph graph)
    {
        var text = new StringBuilder("flowchart TD\n");
        int frames = 0;
        Inside("", "  ");
        foreach ((string from, string to) in graph.Arrows) text.Append($"  {from} --> {to}\n");
        return text.ToString();

        void Inside(string frame, string indent)
        {
            foreach (Box box in graph.Boxes.Where(box => box.Frame == frame))
            {
                string label = $"\"{string.Join("<br/>", box.Lines.Select(Escaped))}\"";
                text.Append(indent).Append(box.Id).Append(box.Kind switch
                {
                    BoxKind.Input or BoxKind.Output => $"([{label}])",
                    BoxKind.Parameter => $"[/{label}/]",
                    BoxKind.Module => $"[[{label}]]",
                    _ => $"[{label}]",
                }).Append('\n');
            }
            foreach ((string path, string label) in graph.Frames(frame))
            {
                text.Append($"{indent}subgraph f{frames++}[\"{Escaped(label)}\"]\n");
                Inside(path, indent + "  ");
                text.Append(indent).Append("end\n");
            }
        }
    }

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    // Mermaid interprets Markdown and its own markup in quotes, but not numbered entities.
    private static string Escaped(string text)
    {
        var result = new StringBuilder();
        foreach (char letter in text)
            result.Append(char.IsLetterOrDigit(letter) || " .,:[]()_²·".Contains(letter, StringComparison.Ordinal) ? letter.ToString()
                : $"#{(int)letter};");
        return result.ToString();
    }
}
