using System.Text.RegularExpressions;
using System.Xml.Linq;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Docs;

/// <summary>
/// Every C# block of README, CONTRIBUTING, the packages' pages and docs/, and every example of the XML documentation, is compiled as a program and run.
/// What it prints is compared with the comments that say so. Those of docs/learn are parts of one program a page.
/// </summary>
[NonParallelizable]
internal sealed class SnippetTests
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.IO; using System.Linq; using System.Threading; using System.Threading.Tasks;
        using MiniTorch; using MiniTorch.Nn; using MiniTorch.Optim; using MiniTorch.Data;

        """;

    private const string ExampleUsings = Usings + "using MiniTorch.IO; using MiniTorch.Pictures;\n";

    /// <summary>What short examples may use without declaring it.</summary>
    private static readonly Dictionary<string, string> s_conventions = new()
    {
        ["model"] = "var model = new Sequential(new Linear(784, 32), new ReLU(), new Linear(32, 10));",
        ["x"] = "Tensor x = Tensor.Randn([4, 784]);",
        ["images"] = "Tensor images = Tensor.Rand([4, 3, 16, 16]);",
        ["targets"] = "Tensor targets = [0, 3, 9, 1];",
        ["logits"] = "Tensor logits = Tensor.Randn([4, 10], requiresGrad: true);",
        ["criterion"] = "var criterion = new CrossEntropyLoss();",
        ["loss"] = "Tensor loss = criterion.Call(model.Call(x), targets);",
        ["loader"] = "var loader = new DataLoader(new TensorDataset(Tensor.Randn([4, 784]), Tensor.RandInt(0, 10, [4])), batchSize: 2);",
        ["optimizer"] = "var optimizer = new SGD(model.Parameters(), lr: 0.1);",
    };

    /// <summary>Examples that need more than one process.</summary>
    private static readonly string[] s_notRun = ["T:MiniTorch.Mpi.World"];

    private static readonly Type[] s_starters =
    [
        typeof(Tensor), typeof(Generator), typeof(Autograd), typeof(GradCheck), typeof(NumericCheck), typeof(Fuse), typeof(Op),
        typeof(Module), typeof(Parameter), typeof(Linear), typeof(Sequential), typeof(Conv2d), typeof(LSTM), typeof(CrossEntropyLoss), typeof(MSELoss),
        typeof(SGD), typeof(Adam), typeof(StepLR), typeof(Dataset), typeof(TensorDataset), typeof(DataLoader),
        typeof(Safetensors), typeof(Checkpoint), typeof(CsvTable), typeof(Onnx), typeof(MiniTorch.Pictures.Picture), typeof(TrainingReport),
    ];

    public static IEnumerable<TestCaseData> Snippets() =>
        from path in Documents()
        from snippet in Regex.Matches(File.ReadAllText(path), "^ *```csharp\n(.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select((match, i) => (Code: match.Groups[1].Value, Number: i + 1))
        select new TestCaseData(Regex.Replace(snippet.Code, "^#:.*\n", "", RegexOptions.Multiline)) // what a file that is a program says to the SDK
            .SetArgDisplayNames($"{Path.GetRelativePath(RepositoryFiles.Root, path)} {snippet.Number}");

    private static IEnumerable<TestCaseData> Examples() =>
        from library in (string[])["Core", "Nn", "Onnx", "Mpi", "Numerics"]
        from member in XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"MiniTorch.{library}.xml")).Descendants("member")
        let name = member.Attribute("name")!.Value
        where !s_notRun.Contains(name)
        from code in member.Descendants("example").Descendants("code")
        select new TestCaseData(code.Value).SetArgDisplayNames(name);

    [TestCaseSource(nameof(Snippets))]
    public void Snippet_runs_and_prints_what_its_comments_say(string code) => Run(Usings, code);

    [TestCaseSource(nameof(Examples))]
    public void Example_runs_and_prints_what_its_comments_say(string code)
    {
        string program = code;
        var used = new HashSet<string>();
        while (CSharpProgram.UndeclaredNames(ExampleUsings + program).Where(s_conventions.ContainsKey).Any(used.Add))
            program = string.Concat(s_conventions.Where(name => used.Contains(name.Key)).Select(name => $"{name.Value}\n")) + code;
        Run(ExampleUsings, program);
    }

    [TestCaseSource(nameof(s_starters))]
    public void Type_that_people_start_from_has_an_example(Type type) =>
        XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member")
            .Where(member => member.Attribute("name")!.Value == $"T:{type.FullName}").Descendants("example").ShouldNotBeEmpty();

    [TestCase("Console.WriteLine(1 + 1); // 3")]
    [TestCase("Console.WriteLine(1);\n// 1\n// 2")]
    public void Wrong_comment_fails(string code)
    {
        (string program, string[] expected) = OutputComments.Mark(code);
        string output = CSharpProgram.Run(Usings + program);
        Should.Throw<ShouldAssertException>(() => OutputComments.Compare(output, expected));
    }

    private static void Run(string usings, string code)
    {
        (string program, string[] expected) = OutputComments.Mark(code);
        OutputComments.Compare(CSharpProgram.Run(usings + program), expected);
    }

    private static IEnumerable<string> Documents() =>
        [Path.Combine(RepositoryFiles.Root, "README.md"), Path.Combine(RepositoryFiles.Root, "CONTRIBUTING.md"),
         .. Directory.EnumerateDirectories(RepositoryFiles.Root, "MiniTorch.*").Select(project => Path.Combine(project, "README.md"))
         .Where(File.Exists).Order(StringComparer.Ordinal),
         .. RepositoryFiles.Pages.Where(page => !Path.GetRelativePath(RepositoryFiles.Docs, page).StartsWith("learn", StringComparison.Ordinal))];
}
