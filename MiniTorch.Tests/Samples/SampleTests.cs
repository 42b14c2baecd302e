using System.Globalization;
using System.Text.RegularExpressions;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Samples;

/// <summary>Every sample runs, prints what it promises, and draws the pictures that samples/README.md shows.</summary>
[NonParallelizable]
internal sealed class SampleTests
{
    /// <summary>A number after a text.</summary>
    private sealed record Figure(string After, double Least, double Most)
    {
        public void ShouldBeIn(string output)
        {
            Match match = Regex.Match(output, Regex.Escape(After) + @"[^\d-]*(-?\d+(\.\d+)?)");
            match.Success.ShouldBeTrue($"'{After}' and a number are not in:\n{output}");
            double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeInRange(Least, Most, $"{After}\n{output}");
        }
    }

    private static readonly Dictionary<string, object[]> s_promises = new()
    {
        ["char_transformer"] = [new Figure("step 600: loss", 0, 1.0)],
        ["cross_entropy"] =
        [
            """
            log-sum-exp of the shifted, shape [3, 1]
            tensor([[0.4644],
                    [0.4534],
                    [0.4170]])
            """,
            "loss = -mean, shape []\ntensor(0.4449)", "CrossEntropyLoss, shape []\ntensor(0.4449)",
            """
            d loss / d logits = (softmax - onehot) / 3, shape [3, 3]
            tensor([[-0.1238,  0.0467,  0.0771],
                    [ 0.0577, -0.1215,  0.0638],
                    [ 0.0808, -0.1137,  0.0329]])
            by Backward, shape [3, 3]
            tensor([[-0.1238,  0.0467,  0.0771],
                    [ 0.0577, -0.1215,  0.0638],
                    [ 0.0808, -0.1137,  0.0329]])
            """,
            """
            tensor([[ 1.5410, -0.2934, -2.1788],
                    [ 0.5684, -1.0845, -1.3986],
                    [ 0.4033,  0.8380, -0.7193],
                    [-0.4033, -0.5966,  0.1820]])
            """,
            "loss of the targets 0, 1, 2, 1, shape []\ntensor(1.4412)", "loss of the targets 3, 1, 1, shape []\ntensor(1.2663",
            "tensor([0.6590, 0.2424, 0.0986])", "loss of class 0, shape []\ntensor(0.4170)", "0.6, shape []\ntensor(0.3635)",
            "loss of a batch, shape []\ntensor(0.3229)", "right classes, shape []\ntensor(0.)", "the wrong ones, shape []\ntensor(2000.)",
            "-log p, shape []\ntensor(0.2231)", "-log(1 - p), shape []\ntensor(1.6094)",
        ],
        ["digits"] = [new Figure("test accuracy", 0.97, 1)],
        ["digits_convnet"] = [new Figure("test accuracy", 0.985, 1)],
        ["distributed"] = [new Figure("test accuracy", 0.96, 1)],
        ["explain"] = ["log_sum_exp", "graph-operations.dot"],
        ["export_onnx"] = [new Figure("digits.onnx:", 5000, 50000)],
        ["gradcheck"] =
        [
            "--- a right function\nGradCheck: Correct", "--- a rule without its factor 2\nGradCheck: Wrong", "blame: BadSquare([3, 4]) at gradcheck.cs:",
            "--- a rule that cuts the second derivative\nGradCheck: Disconnected", "--- half of a product is detached\nGradCheck: Wrong",
            "--- a kink\nGradCheck: Kink", "--- a kink, accepted\nGradCheck: Correct",
            "--- dropout in training mode\nGradCheck: Nondeterministic",
            "--- the same in evaluation mode\nGradCheck: Correct", "--- cross entropy against softmax − onehot\nGradCheck: Correct",
        ],
        ["iris"] = [new Figure("accuracy", 0.93, 1)],
        ["gpt2"] = [new Figure("mean loss of the last 20 steps:", 0, 2.6)],
        ["lstm"] = [new Figure("accuracy", 0.99, 1)],
        ["numerics"] =
        [
            "--- log(1 + x)\nNumericCheck: 1 formula loses digits", "--- the rewrite\nNumericCheck: no formula loses digits",
            "--- E[x²] − E[x]²\nNumericCheck: 1 formula loses digits",
            "--- an ill-conditioned function\nNumericCheck: no formula loses digits", "--- a model\nNumericCheck: 1 formula loses digits",
        ],
        ["own_dataset"] = [new Figure("epoch 10: accuracy", 0.97, 1)],
        ["resume"] = ["found a checkpoint of step 37", "the weights are the same, bit for bit"],
        ["rotary"] = [new Figure("differ by", 0, 1e-4), new Figure("accuracy", 0.99, 1)],
        ["spirals"] = [new Figure("accuracy", 0.98, 1)],
        ["subclass_module"] = ["scale: [3]", "GradCheck: Correct"],
        ["twin"] = [string.Join('\n', File.ReadLines(Path.Combine(RepositoryFiles.Root, "samples", "data", "twin.txt")).Skip(1))],
        ["uncertainty"] = [new Figure("the deviation is off by", 0, 0.05), new Figure("the 95 % interval holds", 0.93, 0.97)],
    };

    private static IEnumerable<string> Samples() =>
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "samples"), "*.cs").Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Samples))]
    public void Sample_prints_what_it_promises(string name)
    {
        string path = Path.Combine(RepositoryFiles.Root, "samples", $"{name}.cs");
        string output = CSharpProgram.RunFile(path, File.ReadAllText(path), folder => SamplePicture.ShouldBeIn(folder, "samples/pictures"))
            .ReplaceLineEndings("\n");
        TestContext.Out.WriteLine(output);
        foreach (object promise in s_promises[name])
            if (promise is Figure figure) figure.ShouldBeIn(output);
            else output.ShouldContain((string)promise, Case.Sensitive);
    }

    [Test]
    public void Index_names_every_sample_and_shows_every_picture()
    {
        string index = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "samples", "README.md"));
        Samples().Where(name => !index.Contains($"({name}.cs)", StringComparison.Ordinal)).ShouldBeEmpty();
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "samples", "pictures")).Select(path => Path.GetFileName(path))
            .Where(name => !index.Contains($"(pictures/{name})", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
